// FirstKeyFile is development.key: the key that the first start of a data directory makes.
//
// The log has only a hash of the key. A start that ended after the first workspace was made and
// before its key was on disk would leave a directory that nobody can use. So an unfinished file,
// development.key.new, is there from before the one until after the other, and tells the next start
// to make another key. Used by the thread that starts the server.
#pragma once

#include <string>

#include "absl/status/status.h"

namespace kith::server {

class FirstKeyFile {
 public:
  explicit FirstKeyFile(const std::string& data_dir);

  // Before the first workspace is made.
  absl::Status Begin() const;
  // Whether a start before this one began and did not finish.
  bool IsUnfinished() const;
  // On disk when this returns, readable by this user only.
  absl::Status Finish(const std::string& key) const;

 private:
  const std::string path_;
  const std::string unfinished_path_;
};

}  // namespace kith::server
