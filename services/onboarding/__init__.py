"""What a sender's sample messages say of the feed: findings, go-live gates, questions, and a draft of its profile.

Source: interop §6, with §1.5, §2.5, §2.6 and §4.3. It is given lines and told the time; only hl7apy is asked
beside (`strictness`).
"""
