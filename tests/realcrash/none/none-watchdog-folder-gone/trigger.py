from watchdog.events import FileSystemEventHandler
from watchdog.observers import Observer


class Inbox(FileSystemEventHandler):
    def on_created(self, event):
        print("arrived", event.src_path)


def watch(folder):
    observer = Observer()
    observer.daemon = True
    observer.schedule(Inbox(), folder, recursive=True)
    observer.start()
    return observer


print(watch("/srv/scanner/inbox").is_alive())
