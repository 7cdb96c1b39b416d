"""The resolver for outsiders: a bare WSGI callable beside Django's request stack, because the stack would cost more than the look-up."""
