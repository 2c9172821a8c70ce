// Mutex, MutexLock and CondVar: std::mutex with clang's thread-safety annotations, checked by
// -Wthread-safety.
//
// Kith uses these and not absl::Mutex because the packaged abseil is not instrumented for
// ThreadSanitizer. Thread-safe by nature. A Mutex is not recursive.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>

#if defined(__clang__)
#define KITH_THREAD_ANNOTATION(x) __attribute__((x))
#else
#define KITH_THREAD_ANNOTATION(x)
#endif

#define KITH_GUARDED_BY(x) KITH_THREAD_ANNOTATION(guarded_by(x))
#define KITH_REQUIRES(...) KITH_THREAD_ANNOTATION(requires_capability(__VA_ARGS__))
#define KITH_EXCLUDES(...) KITH_THREAD_ANNOTATION(locks_excluded(__VA_ARGS__))

namespace kith {

class KITH_THREAD_ANNOTATION(capability("mutex")) Mutex {
 public:
  Mutex() = default;
  Mutex(const Mutex&) = delete;
  Mutex& operator=(const Mutex&) = delete;

  void Lock() KITH_THREAD_ANNOTATION(acquire_capability()) { mutex_.lock(); }
  void Unlock() KITH_THREAD_ANNOTATION(release_capability()) { mutex_.unlock(); }

 private:
  friend class CondVar;
  std::mutex mutex_;
};

// Holds the mutex for the enclosing scope; Unlock and Lock let it go in between.
class KITH_THREAD_ANNOTATION(scoped_lockable) MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) KITH_THREAD_ANNOTATION(acquire_capability(mutex))
      : mutex_(mutex) {
    mutex_.Lock();
  }
  ~MutexLock() KITH_THREAD_ANNOTATION(release_capability()) {
    if (held_) mutex_.Unlock();
  }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

  void Unlock() KITH_THREAD_ANNOTATION(release_capability()) {
    mutex_.Unlock();
    held_ = false;
  }
  void Lock() KITH_THREAD_ANNOTATION(acquire_capability()) {
    mutex_.Lock();
    held_ = true;
  }

 private:
  Mutex& mutex_;
  bool held_ = true;
};

// A condition variable; every wait is in a loop over the condition, because it may wake without
// cause.
class CondVar {
 public:
  void Wait(Mutex& mutex) KITH_REQUIRES(mutex) {
    std::unique_lock<std::mutex> lock(mutex.mutex_, std::adopt_lock);
    condition_.wait(lock);
    lock.release();
  }
  // False when `timeout` passed first.
  bool WaitFor(Mutex& mutex, std::chrono::nanoseconds timeout) KITH_REQUIRES(mutex) {
    std::unique_lock<std::mutex> lock(mutex.mutex_, std::adopt_lock);
    const bool signalled = condition_.wait_for(lock, timeout) == std::cv_status::no_timeout;
    lock.release();
    return signalled;
  }
  void NotifyOne() { condition_.notify_one(); }
  void NotifyAll() { condition_.notify_all(); }

 private:
  std::condition_variable condition_;
};

}  // namespace kith
