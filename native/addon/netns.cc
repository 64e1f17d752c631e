#include "netns.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <pthread.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

namespace weft {

namespace {

struct Job {
  const char* path;
  int protocol;
  int fd;
  Failure failure;
};

int OpenSocket(int protocol, Failure* failure) {
  int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);
  if (fd < 0) *failure = {errno, "socket"};
  return fd;
}

void* RunJob(void* arg) {
  Job* job = static_cast<Job*>(arg);
  int netns = open(job->path, O_RDONLY | O_CLOEXEC);
  if (netns < 0) {
    job->failure = {errno, "open"};
    return nullptr;
  }
  if (setns(netns, CLONE_NEWNET) != 0) {
    job->failure = {errno, "setns"};
  } else {
    job->fd = OpenSocket(job->protocol, &job->failure);
  }
  close(netns);
  return nullptr;
}

}  // namespace

int OpenSocketInNetns(const std::string& path, int protocol, Failure* failure) {
  if (path.empty()) return OpenSocket(protocol, failure);
  Job job = {path.c_str(), protocol, -1, {}};
  pthread_t thread;
  // pthread and not std::thread, whose failure to start is an exception: without those it would end the process.
  int error = pthread_create(&thread, nullptr, RunJob, &job);
  if (error != 0) {
    *failure = {error, "pthread_create"};
    return -1;
  }
  pthread_join(thread, nullptr);
  *failure = job.failure;
  return job.fd;
}

}  // namespace weft
