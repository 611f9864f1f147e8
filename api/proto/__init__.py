"""The operations as protobuf: schema, field numbers, .proto text, and the codec the server uses."""
