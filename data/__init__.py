"""Events and catalogue: schemas, import, cleaning, storage and the arrays that everything computes from."""
