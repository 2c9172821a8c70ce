#include "tests/integration/kithd_process.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace kith::testing {
namespace {

constexpr char kReady[] = "kithd is ready on ";

std::string ReadFile(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// Several may stand on one directory, and each has a file of its own.
std::atomic<int> processes = 0;

}  // namespace

KithdProcess::KithdProcess(const std::string& data, const std::vector<std::string>& arguments,
                           int stderr_file)
    : data_(data), stderr_path_(absl::StrCat(data, ".stderr.", ++processes)) {
  std::vector<std::string> words = {KITHD_PATH, "--data=" + data, "--metrics="};
  words.insert(words.end(), arguments.begin(), arguments.end());
  if (arguments.empty()) words.push_back("--listen=127.0.0.1:0");
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  int out[2];
  if (pipe(out) != 0) std::abort();
  pid_ = fork();
  if (pid_ == 0) {
    const int err = stderr_file >= 0
                        ? stderr_file
                        : open(stderr_path_.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    dup2(out[1], STDOUT_FILENO);
    dup2(err, STDERR_FILENO);
    close(out[0]);
    execv(argv[0], argv.data());
    _exit(127);
  }
  close(out[1]);
  stdout_ = out[0];
  std::string text;
  char c = 0;
  while (read(stdout_, &c, 1) == 1) {
    if (c != '\n') {
      text += c;
      continue;
    }
    if (absl::StartsWith(text, kReady)) {
      address_ = std::string(absl::StripPrefix(text, kReady));
      return;
    }
    text.clear();
  }
}

KithdProcess::~KithdProcess() {
  if (pid_ != 0) Stop(SIGKILL);
  close(stdout_);
}

std::shared_ptr<grpc::Channel> KithdProcess::channel() const {
  return grpc::CreateChannel(address_, grpc::InsecureChannelCredentials());
}

void KithdProcess::Authorise(grpc::ClientContext* context) const {
  std::string key = ReadFile(data_ + "/development.key");
  absl::StripTrailingAsciiWhitespace(&key);
  context->AddMetadata("authorization", absl::StrCat("Bearer ", key));
}

Ended KithdProcess::Stop(int signal) {
  if (pid_ != 0) kill(pid_, signal);
  return Wait();
}

Ended KithdProcess::Wait() {
  int status = 0;
  waitpid(pid_, &status, 0);
  pid_ = 0;
  return {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), ReadFile(stderr_path_)};
}

}  // namespace kith::testing
