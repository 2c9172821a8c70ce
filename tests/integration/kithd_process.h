// KithdProcess: the real kithd as a child process, for tests of what a user meets.
#pragma once

#include <sys/types.h>

#include <memory>
#include <string>
#include <vector>

#include "grpcpp/grpcpp.h"

namespace kith::testing {

// What a kithd that did not start left behind.
struct Ended {
  int exit_code = 0;
  std::string stderr_text;
};

// One thread. The process is killed when the object goes.
class KithdProcess {
 public:
  // Starts kithd over `data` with further arguments and waits until it is ready or has ended. What
  // it writes to stderr goes to a file, which Ended tells, or to `stderr_file`.
  explicit KithdProcess(const std::string& data, const std::vector<std::string>& arguments = {},
                        int stderr_file = -1);
  ~KithdProcess();
  KithdProcess(const KithdProcess&) = delete;
  KithdProcess& operator=(const KithdProcess&) = delete;

  bool ready() const { return !address_.empty(); }
  const std::string& address() const { return address_; }
  pid_t pid() const { return pid_; }
  std::shared_ptr<grpc::Channel> channel() const;
  // Credentials from the data directory, for `context`.
  void Authorise(grpc::ClientContext* context) const;

  // Sends the signal and waits for the end.
  Ended Stop(int signal);

 private:
  Ended Wait();

  const std::string data_;
  pid_t pid_ = 0;
  int stdout_ = -1;
  std::string stderr_path_;
  std::string address_;
};

}  // namespace kith::testing
