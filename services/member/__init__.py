"""The member core: `absorb`, `derive`, `diff`. Pure: values in, values out."""
