"""What answers nest in each other, both ways: an execution shows its results, a result its execution.

Each module holds the structs that a thing is answered as, under the contract's names, and the SQL that builds the same
as JSON, so that a list with all its children is one statement and costs no Python object per row. The SQL refers to a
CTE that every statement with a shape begins with (`SHOWN`), because clients made from the contract break on words that
it lacks.
"""
