"""Stage one: ALS factors in a FAISS index, the sources beside them, and merging what they find."""
