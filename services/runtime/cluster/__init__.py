"""The pipeline on Kafka and PostgreSQL: Faust workers whose only truth is a cursor row (design §2.3, §5, §9)."""
