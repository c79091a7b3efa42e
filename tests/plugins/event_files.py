"""A small file of events, and its first line."""

HEADER = "user_id,item_id,timestamp,event_type,price,quantity\n"
EVENTS = HEADER + "u1,a,2024-05-01T10:00:00Z,purchase,1.5,4\nu2,b,2024-05-02T10:00:00Z,view,,\n,b,2024-05-02,view,,\n"
