"""Programs that do the same work as the library's market, each written as its own documentation teaches.

Each module here but `flow` and `parties`, which all of them share, has `prepare(flow) -> Ready`. What is timed is
`Ready.go` alone; `Ready.outcome` says afterwards what came of it, and is compared with all others.
"""
