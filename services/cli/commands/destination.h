// Destination: where a command writes what is more than a line: to the output, or into a file that
// takes its name when it is whole. One thread.
#pragma once

#include <cstdio>
#include <fstream>
#include <ostream>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace kith::cli {

class Destination {
 public:
  // An empty path: to the output.
  explicit Destination(std::string path) : path_(std::move(path)) {}
  ~Destination() {
    if (!path_.empty() && !is_whole_) std::remove(Part().c_str());
  }
  Destination(const Destination&) = delete;
  Destination& operator=(const Destination&) = delete;

  const std::string& path() const { return path_; }

  absl::Status Open() {
    if (path_.empty()) return absl::OkStatus();
    file_.open(Part(), std::ios::binary | std::ios::trunc);
    return file_ ? absl::OkStatus()
                 : absl::InvalidArgumentError(absl::StrCat("cannot write ", Part()));
  }
  std::ostream& Stream(std::ostream& out) { return path_.empty() ? out : file_; }
  absl::Status Close(std::ostream& out) {
    std::ostream& stream = Stream(out);
    stream.flush();
    if (!stream) return absl::UnavailableError("not all of it could be written: is there room?");
    if (path_.empty()) return absl::OkStatus();
    file_.close();
    if (std::rename(Part().c_str(), path_.c_str()) != 0) {
      return absl::UnavailableError(absl::StrCat("cannot write ", path_));
    }
    is_whole_ = true;
    return absl::OkStatus();
  }

 private:
  std::string Part() const { return absl::StrCat(path_, ".part"); }

  const std::string path_;
  std::ofstream file_;
  bool is_whole_ = false;
};

}  // namespace kith::cli
