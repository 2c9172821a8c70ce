#include "services/runtime/calls/descriptors.h"

#include <sys/resource.h>

#include <algorithm>
#include <limits>

#include "absl/strings/str_cat.h"
#include "eventstore/base/log.h"

namespace kith::runtime {
namespace {

// A view has a family for its rows and mostly one for its index entries. For each RocksDB holds the
// folder open, and every file: of level 0 the four at which it begins to merge them and one that is
// flushed while they wait for that, and one that they are merged into. So many there are, however
// little the view holds, as every view is flushed each minute.
constexpr int kFilesOfAView = 2 * (1 + 4 + 1 + 1);
// Those of the log, whose families are ten; what is merged or sorted; blobs; what goes out; pools.
constexpr int kOtherFiles = 200;
// For the views' lower levels, whose files are 16 MiB: they may have 64 GiB before files want what
// connections have. Where there is not as much, half of what there is.
constexpr int kFilesOfMuchData = 4'096;
// With fewer a server is none.
constexpr int kConnectionsLeast = 100;

// As many descriptors as let so many connections be open.
int Needed(int files, int connections) {
  return files + connections + std::min(connections, kFilesOfMuchData);
}

}  // namespace

int RaiseDescriptorLimit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return std::numeric_limits<int>::max();
  if (limit.rlim_cur < limit.rlim_max) {
    rlimit raised = limit;
    raised.rlim_cur = limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &raised) == 0) limit = raised;
  }
  return static_cast<int>(std::min<rlim_t>(limit.rlim_cur, std::numeric_limits<int>::max()));
}

absl::StatusOr<int> ConnectionsBeside(int views, int allowed, int connections_max) {
  const int files = views * kFilesOfAView + kOtherFiles;
  const int rest = std::max(allowed - files, 0);
  const int connections = std::min(connections_max, rest - std::min(rest / 2, kFilesOfMuchData));
  if (connections < std::min(connections_max, kConnectionsLeast)) {
    return absl::FailedPreconditionError(absl::StrCat(
        "the process may have ", allowed, " files and connections open, and needs at least ",
        Needed(files, kConnectionsLeast), ": raise its limit (LimitNOFILE, ulimit -n)"));
  }
  if (connections < connections_max) {
    Log(LogLevel::kWarning,
        "fewer connections than --max_connections may be open beside the files: raise the limit of "
        "the process (LimitNOFILE, ulimit -n)",
        {{"connections", connections},
         {"max_connections", connections_max},
         {"descriptors", allowed},
         {"wanted", Needed(files, connections_max)}});
  }
  return connections;
}

}  // namespace kith::runtime
