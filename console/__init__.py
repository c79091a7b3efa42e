"""What the one on call sees in a browser: a customer, what is known of the customer, and the list that comes of it."""
