#include "services/runtime/commands/transact.h"

#include <utility>

#include "eventstore/base/status_macros.h"
#include "services/runtime/commands/transaction.h"

namespace kith::runtime {
namespace {

// A command of functions, that somebody waits for.
class WaitingCommand final : public Command {
 public:
  WaitingCommand(const Origin& origin, WorkspaceId workspace,
                 absl::FunctionRef<Decision(Loader&, const CommandContext&)> decide,
                 const std::function<absl::Status(Rendering&)>& render)
      : origin_(origin), workspace_(workspace), decide_(decide), render_(render) {}

  absl::Status Wait() KITH_EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    while (!done_) ended_.Wait(mutex_);
    return status_;
  }

 private:
  const Origin& origin() const override { return origin_; }
  WorkspaceId Workspace() override { return workspace_; }
  Decision Decide(Loader& load, const CommandContext& context) override {
    return decide_(load, context);
  }
  absl::Status Render(Rendering& after) override {
    return render_ ? render_(after) : absl::OkStatus();
  }
  void Done(absl::Status status) override KITH_EXCLUDES(mutex_) {
    // Told under the lock: the waiter frees this object as soon as it has it.
    MutexLock lock(mutex_);
    status_ = std::move(status);
    done_ = true;
    ended_.NotifyAll();
  }

  const Origin& origin_;
  const WorkspaceId workspace_;
  const absl::FunctionRef<Decision(Loader&, const CommandContext&)> decide_;
  const std::function<absl::Status(Rendering&)>& render_;

  Mutex mutex_;
  CondVar ended_;
  bool done_ KITH_GUARDED_BY(mutex_) = false;
  absl::Status status_ KITH_GUARDED_BY(mutex_);
};

}  // namespace

Transact::Transact(const Environment& environment, const TransactOptions& options)
    : environment_(environment),
      options_(options),
      cache_(options.cached_states_max),
      states_(environment.log, environment.registry, environment.keys, cache_) {}

void Transact::Start(Command& command) { (new Transaction(*this, command))->Begin(); }

absl::Status Transact::RunAndWait(
    const Origin& origin, WorkspaceId workspace,
    absl::FunctionRef<Decision(Loader&, const CommandContext&)> decide,
    const std::function<absl::Status(Rendering&)>& render) {
  WaitingCommand command(origin, workspace, decide, render);
  Start(command);
  return command.Wait();
}

absl::StatusOr<bool> Transact::Sees(const Caller& caller, absl::string_view record,
                                    absl::string_view permission) {
  const auto owned = owned_.find(eventstore::CategoryOf(record));
  if (caller.member == nullptr || owned == owned_.end()) return true;
  const RecordAccess& access = owned->second.access;
  if (!access.IsBounded(caller, permission)) return true;
  KITH_ASSIGN_OR_RETURN(const Folded folded,
                        FoldMeant(*owned->second.aggregate, caller.workspace, record));
  return folded.revision == Revision() ||
         access.MayRead(caller, owned->second.record(folded.state.get()), permission);
}

absl::StatusOr<Folded> Transact::FoldMeant(const AggregateType& type, WorkspaceId workspace,
                                           absl::string_view stream) {
  KITH_ASSIGN_OR_RETURN(Folded folded, states_.ReadCurrent(type, workspace, stream));
  while (!type.merged_into(folded.state.get()).empty()) {
    const std::string next(type.merged_into(folded.state.get()));
    KITH_ASSIGN_OR_RETURN(folded, states_.ReadCurrent(type, workspace, next));
  }
  return folded;
}

void Transact::Observe(absl::string_view category, Observer observer) {
  observers_.emplace_back(std::string(category), std::move(observer));
}

}  // namespace kith::runtime
