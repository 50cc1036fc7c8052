"""What is paid: cash month by month, debts week by week."""
