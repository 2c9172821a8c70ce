#include "services/runtime/calls/open_connections.h"

#include <sys/stat.h>

#include "eventstore/base/check.h"

namespace kith::runtime {
namespace {

// Looking at all of them for each that is refused would let who connects all the time keep the
// thread that accepts. A new connection gets the lowest number that is free, mostly that of one
// which was closed, so few of those that are looked at are missed.
constexpr int kLooks = 256;

// The number of the socket that the descriptor is, which no two have at once; 0 where it is none.
uint64_t SocketOf(int descriptor) {
  struct stat found {};
  return fstat(descriptor, &found) == 0 && S_ISSOCK(found.st_mode) ? found.st_ino : 0;
}

}  // namespace

OpenConnections& OpenConnections::OfProcess() {
  static OpenConnections& connections = *new OpenConnections();
  return connections;
}

bool OpenConnections::Add(int descriptor, int most) {
  const uint64_t socket = SocketOf(descriptor);
  KITH_CHECK(socket != 0);
  const auto at = static_cast<size_t>(descriptor);
  MutexLock lock(mutex_);
  if (at >= sockets_.size()) sockets_.resize(at + 1);
  Forget(at);  // what had the number before is closed
  if (count_ >= most) ForgetSomeClosed();
  if (count_ >= most) return false;
  sockets_[at] = socket;
  ++count_;
  return true;
}

void OpenConnections::Remove(int descriptor) {
  MutexLock lock(mutex_);
  Forget(static_cast<size_t>(descriptor));
}

void OpenConnections::Forget(size_t descriptor) {
  if (sockets_[descriptor] == 0) return;
  sockets_[descriptor] = 0;
  --count_;
}

void OpenConnections::ForgetSomeClosed() {
  int looks = kLooks;
  for (size_t step = 0; step < sockets_.size() && looks > 0; ++step) {
    const size_t at = next_++ % sockets_.size();
    if (sockets_[at] == 0) continue;
    --looks;
    if (SocketOf(static_cast<int>(at)) != sockets_[at]) Forget(at);
  }
}

}  // namespace kith::runtime
