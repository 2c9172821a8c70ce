#include "services/received_mails/maildir.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "eventstore/base/log.h"
#include "eventstore/base/metrics.h"
#include "eventstore/base/mutex.h"
#include "kith/received_mails/v1/received_mails_service.pb.h"
#include "services/core/received_mail.h"
#include "services/received_mails/received_mail_commands.h"
#include "services/runtime/calls/part_command.h"

namespace kith::received_mails {
namespace {

namespace fs = std::filesystem;

// So many are taken before it is looked again.
constexpr size_t kMailsALook = 100;

enum class Outcome { kTaken, kRefused, kMayPass };

class Maildir final : public runtime::Port {
 public:
  Maildir(const MaildirOptions& options, const runtime::PortParts& parts)
      : options_(options),
        folder_(options.folder),
        runtime_(parts.runtime),
        methods_(parts.methods),
        thread_([this] { Work(); }) {}
  ~Maildir() override {
    Refuse();
    Close(absl::ZeroDuration());
  }

  int port() const override { return 0; }
  void Refuse() override {
    MutexLock lock(mutex_);
    stopping_ = true;
    stop_.NotifyAll();
  }
  void Close(absl::Duration) override {
    if (thread_.joinable()) thread_.join();
  }

 private:
  void Work() {
    absl::Duration wait = options_.look_first;
    while (!IsStopping()) {
      const std::vector<fs::path> mails = Look();
      const bool is_well = TakeAll(mails);
      wait = is_well ? options_.look_first : std::min(2 * wait, options_.look_most);
      if (is_well && mails.size() == kMailsALook) continue;
      MutexLock lock(mutex_);
      if (!stopping_) stop_.WaitFor(mutex_, absl::ToChronoNanoseconds(wait));
    }
  }

  bool IsStopping() {
    MutexLock lock(mutex_);
    return stopping_;
  }

  // Some of what waits, in the order of names, which begin with the time of delivery.
  std::vector<fs::path> Look() const {
    std::vector<fs::path> mails;
    std::error_code error;
    for (fs::directory_iterator at(folder_ / "new", error), end; !error && at != end;
         at.increment(error)) {
      std::error_code unknown;
      const bool is_file = fs::is_regular_file(at->symlink_status(unknown));
      if (!is_file || absl::StartsWith(at->path().filename().string(), ".")) continue;
      mails.push_back(at->path());
      if (mails.size() == kMailsALook) break;
    }
    if (error) Tell("the maildir cannot be read", error.message());
    std::sort(mails.begin(), mails.end());
    return mails;
  }

  // False where something was not taken that may pass.
  bool TakeAll(const std::vector<fs::path>& mails) {
    if (mails.empty()) return true;
    const std::shared_ptr<const runtime::Caller> caller = CallerOfFile();
    if (caller == nullptr) return false;
    bool is_well = true;
    for (const fs::path& mail : mails) {
      if (IsStopping()) return true;
      is_well &= Take(mail, caller);
    }
    return is_well;
  }

  std::shared_ptr<const runtime::Caller> CallerOfFile() const {
    std::ifstream file(options_.key_file);
    std::string key;
    std::getline(file, key);
    auto caller = runtime_.authorizer->Authenticate(absl::StripAsciiWhitespace(key));
    const bool counts = caller != nullptr && caller->standing == runtime::Standing::kActive &&
                        caller->expire_time > runtime_.clock.Now();
    if (counts) return caller;
    Tell("mails wait: the key of the maildir lets nobody in", options_.key_file);
    return nullptr;
  }

  bool Take(const fs::path& mail, const std::shared_ptr<const runtime::Caller>& caller) {
    const absl::Status status = Receive(mail, caller);
    const Outcome outcome = status.ok()         ? Outcome::kTaken
                            : IsForGood(status) ? Outcome::kRefused
                                                : Outcome::kMayPass;
    ++counts_[static_cast<size_t>(outcome)];
    if (outcome == Outcome::kMayPass) {
      Tell("a mail waits: it cannot be taken now", status.message());
      return false;
    }
    if (outcome == Outcome::kRefused) Tell("a mail was refused", status.message());
    const std::string name = mail.filename().string();
    std::error_code error;
    fs::rename(mail,
               folder_ / "cur" /
                   absl::StrCat(name.substr(0, name.find(':')), ":2,",
                                outcome == Outcome::kRefused ? "F" : ""),
               error);
    if (error) Tell("a mail that was taken cannot be moved: it is taken again", error.message());
    return !error;
  }

  absl::Status Receive(const fs::path& mail,
                       const std::shared_ptr<const runtime::Caller>& caller) const {
    v1::ReceiveMailRequest request;
    std::error_code error;
    const auto size = fs::file_size(mail, error);
    if (error) return absl::UnavailableError(error.message());
    if (size > static_cast<uintmax_t>(kMailBytesMax)) {
      return absl::InvalidArgumentError(absl::StrCat("it has ", size, " bytes"));
    }
    std::ifstream file(mail, std::ios::binary);
    request.mutable_raw()->resize(size);
    file.read(request.mutable_raw()->data(), static_cast<std::streamsize>(size));
    if (!file || file.gcount() != static_cast<std::streamsize>(size)) {
      return absl::UnavailableError("the file cannot be read");
    }
    runtime::Origin origin;
    origin.caller = caller;
    return runtime_.transact.RunAndWait(
        origin, caller->workspace, [&](runtime::Loader& load, const CommandContext& context) {
          return runtime::DecidePart(methods_, load, request, context);
        });
  }

  static void Tell(absl::string_view what, absl::string_view why) {
    Log(LogLevel::kWarning, what, {{"why", why}});
  }

  const MaildirOptions options_;
  const fs::path folder_;
  runtime::Runtime& runtime_;
  const runtime::MethodTable& methods_;
  std::atomic<int64_t> counts_[3] = {};  // by outcome
  const MetricSource metrics_{[this](MetricPage& page) {
    constexpr const char* kNames[] = {"taken", "refused", "may_pass"};
    for (size_t i = 0; i < 3; ++i) {
      page.Counter("kith_maildir_mails_total",
                   "Mails of the maildir that were taken or refused, and tries of those that wait.",
                   static_cast<double>(counts_[i].load(std::memory_order_relaxed)),
                   {{"outcome", kNames[i]}});
    }
  }};
  Mutex mutex_;
  CondVar stop_;
  bool stopping_ KITH_GUARDED_BY(mutex_) = false;
  std::thread thread_;  // begins last
};

}  // namespace

void WatchMaildir(runtime::ServerBuilder& server, const MaildirOptions& options) {
  server.AddPort(
      [options](const runtime::PortParts& parts) -> absl::StatusOr<std::unique_ptr<runtime::Port>> {
        for (const char* const part : {"new", "cur"}) {
          std::error_code error;
          if (fs::is_directory(fs::path(options.folder) / part, error)) continue;
          return absl::InvalidArgumentError(absl::StrCat(
              "--maildir=", options.folder, " is no maildir: it has no folder ", part,
              "; name one that a mail server delivers to, and that this user may write to"));
        }
        return std::make_unique<Maildir>(options, parts);
      });
}

}  // namespace kith::received_mails
