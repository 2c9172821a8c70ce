#include "projections/store/scratch_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "eventstore/base/bytes.h"
#include "eventstore/base/crc32c.h"
#include "eventstore/base/status_macros.h"

namespace kith::projections {
namespace {

// Before a block: its size, then its checksum.
constexpr size_t kHeaderBytes = 8;

absl::Status Failed(absl::string_view what) {
  return absl::UnavailableError(
      absl::StrCat("a scratch file cannot be ", what, ": ", std::strerror(errno)));
}

absl::Status WriteAll(int descriptor, absl::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return Failed("written");
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return absl::OkStatus();
}

absl::Status ReadAll(int descriptor, uint64_t offset, char* bytes, size_t size) {
  while (size > 0) {
    const ssize_t read = ::pread(descriptor, bytes, size, static_cast<off_t>(offset));
    if (read < 0 && errno == EINTR) continue;
    if (read <= 0) return Failed("read");
    offset += static_cast<uint64_t>(read);
    bytes += read;
    size -= static_cast<size_t>(read);
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::unique_ptr<ScratchFile>> ScratchFile::Create(const std::string& folder) {
  std::string path = folder + "/scratch-XXXXXX";
  const int descriptor = ::mkostemp(path.data(), O_CLOEXEC);
  if (descriptor < 0) return Failed("made");
  ::unlink(path.c_str());
  return std::unique_ptr<ScratchFile>(new ScratchFile(descriptor));
}

ScratchFile::~ScratchFile() { ::close(descriptor_); }

absl::Status ScratchFile::Append(absl::string_view block) {
  std::string header;
  AppendFixed32(static_cast<uint32_t>(block.size()), &header);
  AppendFixed32(Crc32c(block), &header);
  KITH_RETURN_IF_ERROR(WriteAll(descriptor_, header));
  KITH_RETURN_IF_ERROR(WriteAll(descriptor_, block));
  size_ += header.size() + block.size();
  return absl::OkStatus();
}

absl::Status ScratchFile::Read(uint64_t* offset, std::string* block) const {
  char header[kHeaderBytes];
  KITH_RETURN_IF_ERROR(ReadAll(descriptor_, *offset, header, sizeof(header)));
  const uint32_t size = LoadFixed32(header);
  *offset += sizeof(header);
  if (*offset + size > size_) return absl::UnavailableError("a scratch file is damaged");
  block->resize(size);
  KITH_RETURN_IF_ERROR(ReadAll(descriptor_, *offset, block->data(), size));
  *offset += size;
  if (Crc32c(*block) != LoadFixed32(header + 4)) {
    return absl::UnavailableError("a scratch file is damaged");
  }
  return absl::OkStatus();
}

}  // namespace kith::projections
