"""Published rulebooks and what was found under them, as rows. 规则库与审查结论"""
