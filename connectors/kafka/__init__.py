"""The wire "kafka": records written and awaited one by one (`producer`), topics made and compared (`admin`)."""
