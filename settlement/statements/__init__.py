"""What a party was owed and paid in a period, computed from the moves. 对账单"""
