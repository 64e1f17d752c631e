{
  "targets": [
    {
      "target_name": "weft",
      "sources": [
        "addon/module.cc",
        "addon/js.cc",
        "addon/clock_state.cc",
        "addon/bulk_read.cc",
        "addon/content_mark.cc",
        "addon/number_shape.cc",
        "addon/read_files.cc",
        "addon/read_text.cc",
        "addon/stat_files.cc",
        "addon/trim_memory.cc",
        "addon/unix_datagram.cc",
        "addon/netns.cc",
        "addon/netlink_message.cc",
        "addon/ticket_lock.cc",
        "addon/netlink_socket.cc",
        "addon/netlink_watch.cc"
      ],
      "defines": ["NAPI_VERSION=8"],
      "cflags_cc": ["-std=c++17", "-Wall", "-Wextra", "-fno-exceptions", "-fno-rtti", "-fvisibility=hidden"],
      "cflags_cc!": ["-fexceptions"]
    }
  ]
}
