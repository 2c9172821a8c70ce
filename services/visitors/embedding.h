// How a server is told where what stands in pages of others leads.
#pragma once

#include <string>

#include "services/runtime/server_builder.h"

namespace kith::visitors {

// Before Register. `public_url` is where the HTTP port is reached from everywhere,
// "https://crm.example.com", without a "/" at its end; empty: that is not known. GetSiteEmbedding
// tells it of sites that name no public_url of their own.
void EmbedFrom(runtime::ServerBuilder& server, const std::string& public_url);

}  // namespace kith::visitors
