"""The operations as protobuf."""
