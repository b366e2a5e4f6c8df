"""The parts that the benches share: the servers under load, the load, the meters."""
