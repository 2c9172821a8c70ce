// CertificateEnd: until when a client's certificate counts, which carriers tell beside the names
// that it is for, as one more of Carrier::certified_names: "UNTIL:1796083200". A connection may
// outlast the certificate that it began with, and nobody looks at that again but whoever asks
// whether a caller still counts. Pure but for what OpenSSL keeps.
#pragma once

#include <openssl/types.h>

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace kith::runtime {

// An end that cannot be read has passed.
std::string CertificateEnd(const X509& certificate);
// Of one in PEM.
std::string CertificateEnd(absl::string_view pem);

// Infinite past where none of the names says it.
absl::Time CertificateEndIn(const std::vector<std::string>& certified_names);

}  // namespace kith::runtime
