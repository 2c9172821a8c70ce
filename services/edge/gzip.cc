#include "services/edge/gzip.h"

#include <zlib.h>

#include <array>

#include "absl/cleanup/cleanup.h"
#include "eventstore/base/check.h"

namespace kith::edge {
namespace {

constexpr int kWindowOfGzip = MAX_WBITS + 16;  // zlib's way to ask for gzip's header
constexpr int kMemory = 8;                     // zlib's default
constexpr int kFast = 1;  // of its levels: a reply is compressed while it is awaited
constexpr size_t kStep = 16 << 10;

}  // namespace

absl::StatusOr<std::string> Gunzip(absl::string_view compressed, size_t bytes_max) {
  z_stream stream{};
  KITH_CHECK(inflateInit2(&stream, kWindowOfGzip) == Z_OK);
  const absl::Cleanup end = [&stream] { inflateEnd(&stream); };
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(compressed.data()));
  stream.avail_in = static_cast<uInt>(compressed.size());
  std::string bytes;
  std::array<char, kStep> step;
  int state = Z_OK;
  while (state == Z_OK) {
    stream.next_out = reinterpret_cast<Bytef*>(step.data());
    stream.avail_out = static_cast<uInt>(step.size());
    state = inflate(&stream, Z_NO_FLUSH);
    bytes.append(step.data(), step.size() - stream.avail_out);
    if (bytes.size() > bytes_max) return absl::OutOfRangeError("more than may be");
    // Members stand one behind the other (RFC 1952, 2.2).
    if (state == Z_STREAM_END && stream.avail_in > 0) state = inflateReset(&stream);
  }
  if (state != Z_STREAM_END) {
    return absl::InvalidArgumentError("no gzip, or not all of it");
  }
  return bytes;
}

std::string Gzip(absl::string_view bytes) {
  z_stream stream{};
  KITH_CHECK(deflateInit2(&stream, kFast, Z_DEFLATED, kWindowOfGzip, kMemory, Z_DEFAULT_STRATEGY) ==
             Z_OK);
  std::string compressed(deflateBound(&stream, bytes.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(compressed.data());
  stream.avail_out = static_cast<uInt>(compressed.size());
  KITH_CHECK(deflate(&stream, Z_FINISH) == Z_STREAM_END);
  compressed.resize(stream.total_out);
  deflateEnd(&stream);
  return compressed;
}

}  // namespace kith::edge
