import ca.uhn.hl7v2.DefaultHapiContext;
import ca.uhn.hl7v2.HL7Exception;
import ca.uhn.hl7v2.HapiContext;
import ca.uhn.hl7v2.app.HL7Service;
import ca.uhn.hl7v2.model.Message;
import ca.uhn.hl7v2.protocol.MetadataKeys;
import ca.uhn.hl7v2.protocol.ReceivingApplication;
import ca.uhn.hl7v2.validation.impl.ValidationContextFactory;
import java.io.IOException;
import java.net.ServerSocket;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;

/**
 * HAPI HL7v2's own MLLP listener, as its manual sets it up: our peer in `make bench`.
 *
 * <p>With no argument it answers AA at once and keeps nothing. With the name of a file it answers once the message is durable
 * there: appends that wait together share one fsync, which is the durability, and the idea, of our journal. HAPI parses each
 * message (that cannot be switched off); its validation is off, in its favour.
 */
public final class Receiver {

  public static void main(String[] arguments) throws Exception {
    Log log = arguments.length > 0 ? new Log(Path.of(arguments[0])) : null;
    HapiContext context = new DefaultHapiContext();
    context.setValidationContext(ValidationContextFactory.noValidation());
    int port = freePort();
    HL7Service server = context.newServer(port, false);
    server.registerApplication(new Keeper(log));
    server.startAndWait();
    System.out.println("127.0.0.1:" + port);
    Thread.currentThread().join();
  }

  /** HAPI's server does not tell which port it was given when asked for any. */
  private static int freePort() throws IOException {
    try (ServerSocket probe = new ServerSocket(0)) {
      return probe.getLocalPort();
    }
  }

  private record Keeper(Log log) implements ReceivingApplication<Message> {

    @Override
    public Message processMessage(Message message, Map<String, Object> about) throws HL7Exception {
      if (log != null) {
        log.append((String) about.get(MetadataKeys.IN_RAW_MESSAGE)).join();
      }
      try {
        return message.generateACK();
      } catch (IOException error) {
        throw new HL7Exception(error);
      }
    }

    @Override
    public boolean canProcess(Message message) {
      return true;
    }
  }

  /** A file that grows; one thread writes what has gathered, forces it to disk, then lets all who waited go on. */
  private static final class Log {

    private record Entry(ByteBuffer bytes, CompletableFuture<Void> durable) {}

    private final BlockingQueue<Entry> waiting = new LinkedBlockingQueue<>();
    private final FileChannel file;

    Log(Path path) throws IOException {
      file = FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
      Thread writer = new Thread(this::write, "log");
      writer.setDaemon(true);
      writer.start();
    }

    CompletableFuture<Void> append(String message) {
      Entry entry = new Entry(ByteBuffer.wrap(message.getBytes(StandardCharsets.UTF_8)), new CompletableFuture<>());
      waiting.add(entry);
      return entry.durable();
    }

    private void write() {
      List<Entry> group = new ArrayList<>();
      try {
        while (true) {
          group.add(waiting.take());
          waiting.drainTo(group);
          for (Entry entry : group) {
            while (entry.bytes().hasRemaining()) {
              file.write(entry.bytes());
            }
          }
          file.force(false);
          group.forEach(entry -> entry.durable().complete(null));
          group.clear();
        }
      } catch (IOException | InterruptedException error) {
        group.forEach(entry -> entry.durable().completeExceptionally(error));
      }
    }
  }
}
