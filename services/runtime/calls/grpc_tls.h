// gRPC's end of TlsFiles: credentials for a server that asks for the files at every handshake.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "grpcpp/security/auth_context.h"
#include "grpcpp/security/server_credentials.h"
#include "services/runtime/admission/tls_files.h"

namespace kith::runtime {

// Borrows the files, which outlive the server.
std::shared_ptr<grpc::ServerCredentials> GrpcTlsCredentials(TlsFiles& files);

// Carrier::certified_names of a call over gRPC.
std::vector<std::string> CertifiedNames(const grpc::AuthContext& context);

}  // namespace kith::runtime
