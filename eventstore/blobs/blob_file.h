// What stands in the file of a blob: a sealed part, but whose it is, which its place says.
// FORMAT.md, data/blobs. Pure, of untrusted bytes; any thread.
#pragma once

#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "eventstore/log/types.h"

namespace kith::eventstore {

std::string EncodeBlobFile(const SealedPart& sealed);
// Nullopt where it is none.
std::optional<SealedPart> DecodeBlobFile(absl::string_view bytes, absl::string_view subject);
// No such file is larger.
size_t BlobFileBytesMax();

}  // namespace kith::eventstore
