"""规则: facts in, findings out; the law as data, one interpreter, and the calendar of statutory days. Pure."""
