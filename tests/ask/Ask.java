import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;

/** Answers questions from the standard input, as main.c does: {@code java -Djava.library.path=FOLDER Ask}. */
public final class Ask {
  static {
    System.loadLibrary("ask");
  }

  private Ask() {}

  /** Asks one question, and returns the answer in UTF-8, or null after a trap. */
  public static native byte[] ask(byte[] settings, byte[] question, int now);

  public static void main(String[] arguments) throws IOException {
    DataInputStream in = new DataInputStream(System.in);
    DataOutputStream out = new DataOutputStream(System.out);
    while (true) {
      int settingsLength;
      try {
        settingsLength = in.readInt();
      } catch (EOFException end) {
        return;
      }
      int questionLength = in.readInt();
      int now = in.readInt();
      byte[] settings = in.readNBytes(settingsLength);
      byte[] answer = ask(settings, in.readNBytes(questionLength), now);
      out.writeInt(answer == null ? 0 : answer.length);
      out.write(answer == null ? new byte[0] : answer);
      out.flush();
    }
  }
}
