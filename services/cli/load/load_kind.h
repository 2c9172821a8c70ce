// LoadKind: what a load calls. Each kind is one small class in a file of its own (record_load.cc …)
// and a line in load_kinds.cc; everything about loops, times and counting is load.cc's.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "grpcpp/channel.h"
#include "kith/session.h"
#include "kith/type/v1/read.pb.h"

namespace kith::cli {

// What every kind is told.
struct LoadTarget {
  std::string key;  // sent as bearer; nothing is sent when empty
  std::string run;  // drawn anew for each run: begins its request ids
  int contacts = 1000;
  int text_bytes = 300;
  kith::type::v1::ReadOptions read;  // of the kinds that read
  bool as_of = false;                // `read` names a moment
  // The session of each channel; empty where calls go by themselves.
  std::map<const grpc::Channel*, std::shared_ptr<sdk::Session>> sessions;
};

// What a caller tells of the call it makes. One thread at a time; Done is told once, last, and may
// begin the next call before it returns.
class LoadReport {
 public:
  virtual ~LoadReport() = default;
  // So many things came or were taken: the events of a stream, the items of a bulk load.
  virtual void Items(uint64_t count) = 0;
  // The latency counts from here instead of from the beginning of the call.
  virtual void StartClock() = 0;
  // How many bytes the messages of a call, or of an item, have.
  virtual void Bytes(size_t request, size_t response) = 0;
  virtual void Done(const absl::Status& status) = 0;
};

// Makes one call after the other. Call by one thread at a time, Cancel by any.
class LoadCaller {
 public:
  virtual ~LoadCaller() = default;
  // Begins the caller's `number`th call. It has ended when Done is told.
  virtual void Call(uint64_t number, LoadReport& report) = 0;
  // Makes the call under way end soon.
  virtual void Cancel() = 0;
};

class LoadKind {
 public:
  virtual ~LoadKind() = default;
  // Makes or finds what the calls are about. The server's error where that fails.
  virtual absl::Status Prepare(const LoadTarget& target,
                               const std::shared_ptr<grpc::Channel>& channel) = 0;
  // `number` tells the callers of a run apart. The kind and the target outlive the caller.
  virtual std::unique_ptr<LoadCaller> NewCaller(const std::shared_ptr<grpc::Channel>& channel,
                                                int number) = 0;
  // The calls go on until they are cancelled, which is then no failure.
  virtual bool endless() const { return false; }
};

// One kind of load, as `kith bench` offers it.
struct LoadKindEntry {
  absl::string_view name;
  absl::string_view about;  // one line of help
  int in_flight;            // where nobody says
  bool reads;               // takes --as-of
  bool unary;               // takes --session
  std::unique_ptr<LoadKind> (*make)();
};

const std::vector<LoadKindEntry>& LoadKinds();
// InvalidArgument, naming those there are, for a name that is none of them.
absl::StatusOr<const LoadKindEntry*> FindLoadKind(absl::string_view name);

std::unique_ptr<LoadKind> NewRecordLoad();
std::unique_ptr<LoadKind> NewIngestLoad();
std::unique_ptr<LoadKind> NewCaptureLoad();
std::unique_ptr<LoadKind> NewCaptureManyLoad();
std::unique_ptr<LoadKind> NewCaptureStreamLoad();
std::unique_ptr<LoadKind> NewMoveDealLoad();
std::unique_ptr<LoadKind> NewUpdateContactLoad();
std::unique_ptr<LoadKind> NewLagLoad();
std::unique_ptr<LoadKind> NewGetContactLoad();
std::unique_ptr<LoadKind> NewGetDealLoad();
std::unique_ptr<LoadKind> NewListDealsLoad();
std::unique_ptr<LoadKind> NewListEitherLoad();
std::unique_ptr<LoadKind> NewListByAmountLoad();
std::unique_ptr<LoadKind> NewListByNameLoad();
std::unique_ptr<LoadKind> NewListByScoreLoad();
std::unique_ptr<LoadKind> NewFindContactLoad();
std::unique_ptr<LoadKind> NewFindNobodyLoad();
std::unique_ptr<LoadKind> NewForecastLoad();
std::unique_ptr<LoadKind> NewBoardLoad();
std::unique_ptr<LoadKind> NewEventsLoad();

}  // namespace kith::cli
