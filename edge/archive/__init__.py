"""Archives: photos by the million, restored by many workers from one store to another.

Workers write results and commits that nothing overwrites; nobody holds a lock, and no server keeps state.
"""
