// Communication
