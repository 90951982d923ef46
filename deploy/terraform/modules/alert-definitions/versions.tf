terraform {
  # No provider: this module only reads files, so it can be tested anywhere.
  required_version = ">= 1.6"
}
