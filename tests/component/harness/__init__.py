"""Three real PostgreSQL, a proxy on each node, and the tools to look at them.

Shared by the component tests and by the demonstration (demo/).
"""
