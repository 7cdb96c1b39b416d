"""What pricing models advise: appraisals, optima, proposals. Kept beside a plan; changes no price by itself. 定价建议与评估"""
