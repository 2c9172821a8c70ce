#include "services/cli/commands.h"
namespace kith::cli {
absl::Status RunImport(Session&, const std::vector<std::string>&) {
  return absl::UnimplementedError("import");
}
}  // namespace kith::cli
