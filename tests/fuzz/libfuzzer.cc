// The long form of fuzzing: libFuzzer's entry points. KITH_FUZZ_TARGET names the target.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "google/protobuf/stubs/logging.h"
#include "tests/fuzz/targets.h"

namespace {

const kith::fuzz::Target& Chosen() {
  const char* name = std::getenv("KITH_FUZZ_TARGET");
  for (const kith::fuzz::Target& target : kith::fuzz::Targets()) {
    if (name != nullptr && target.name == name) return target;
  }
  std::fprintf(stderr, "KITH_FUZZ_TARGET must be one of:");
  for (const kith::fuzz::Target& target : kith::fuzz::Targets()) {
    std::fprintf(stderr, " %s", target.name.c_str());
  }
  std::fprintf(stderr, "\n");
  std::exit(2);
}

}  // namespace

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  google::protobuf::SetLogHandler(nullptr);  // it would tell of every text that is not UTF-8
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  static const kith::fuzz::Target& target = Chosen();
  target.run(absl::string_view(reinterpret_cast<const char*>(bytes), size));
  return 0;
}
