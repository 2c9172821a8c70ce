#include "eventstore/blobs/blob_file.h"

#include "absl/strings/strip.h"
#include "eventstore/base/bytes.h"
#include "eventstore/blobs/blob_store.h"
#include "eventstore/seal/cipher.h"

namespace kith::eventstore {
namespace {

constexpr absl::string_view kMagic("kithblob\x01", 9);  // the last is the version
constexpr size_t kVarintBytesMax = 10;

}  // namespace

std::string EncodeBlobFile(const SealedPart& sealed) {
  std::string bytes(kMagic);
  AppendVarint(sealed.key_number, &bytes);
  bytes.append(reinterpret_cast<const char*>(sealed.nonce.data()), sealed.nonce.size());
  bytes += sealed.ciphertext;
  return bytes;
}

std::optional<SealedPart> DecodeBlobFile(absl::string_view bytes, absl::string_view subject) {
  if (!absl::ConsumePrefix(&bytes, kMagic)) return std::nullopt;
  SealedPart sealed;
  sealed.subject = std::string(subject);
  ByteReader reader(bytes);
  if (!reader.ReadVarint(&sealed.key_number) ||
      !reader.ReadInto(sealed.nonce.data(), sealed.nonce.size()) ||
      reader.rest().size() < kGcmTagBytes) {
    return std::nullopt;
  }
  sealed.ciphertext = std::string(reader.rest());
  return sealed;
}

size_t BlobFileBytesMax() {
  return kMagic.size() + kVarintBytesMax + sizeof(SealedPart::nonce) + kBlobBytesMax + kGcmTagBytes;
}

}  // namespace kith::eventstore
