#include "services/server/options.h"

#include <cstdio>
#include <cstdlib>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/flags/usage.h"
#include "absl/flags/usage_config.h"
#include "absl/strings/match.h"

ABSL_FLAG(std::string, data, "data", "The data directory; created when it is missing.");
ABSL_FLAG(std::string, listen, "127.0.0.1:7447",
          "Address and port to listen on; port 0 lets the system choose one. There is no TLS yet: "
          "keep it on loopback, or behind something that has.");
ABSL_FLAG(uint32_t, read_threads, 4, "Threads for lists, boards, reports and event reads.");
ABSL_FLAG(uint64_t, min_free_bytes, 64 << 20,
          "Changes are refused when less than this is free on the disk; reads go on.");
ABSL_FLAG(bool, new_operator_key, false,
          "Make a key that grants everything in workspace 1 and the operator's methods, print it, "
          "and go on.");

namespace kith::server {

Options ParseOptions(int argc, char** argv) {
  absl::SetProgramUsageMessage("kithd keeps one Kith data directory and answers over gRPC.");
  absl::FlagsUsageConfig config;
  config.contains_help_flags = [](absl::string_view file) {
    return absl::StrContains(file, "services/server/");
  };
  absl::SetFlagsUsageConfig(config);
  const std::vector<char*> rest = absl::ParseCommandLine(argc, argv);
  if (rest.size() > 1) {
    std::fprintf(stderr, "kithd: %s is no option; see kithd --help\n", rest[1]);
    std::exit(2);
  }
  Options options;
  options.data = absl::GetFlag(FLAGS_data);
  options.new_operator_key = absl::GetFlag(FLAGS_new_operator_key);
  options.server.address = absl::GetFlag(FLAGS_listen);
  options.server.pools.reads.threads = absl::GetFlag(FLAGS_read_threads);
  options.server.log.min_free_bytes = absl::GetFlag(FLAGS_min_free_bytes);
  return options;
}

}  // namespace kith::server
