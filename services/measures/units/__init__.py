"""What measures count: members, chains of stays, discharges, visits, treatment periods, assignments, months."""
