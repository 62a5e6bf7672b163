output "addresses" {
  value = [for a in google_compute_address.address : a.address]
}
