"""The people of the demo: a process that knows the server only by its address and speaks GraphQL over HTTP."""
