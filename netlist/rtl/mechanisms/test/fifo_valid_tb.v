// Valid are the entries from the head on, around the end, as many as the count says.
module fifo_valid_tb;
  reg [3:0] head;
  reg [4:0] count;
  wire [15:0] valid;
  reg [15:0] want;
  integer h, n, i, bad = 0;
  fifo_valid #(.LEVELS(4)) dut (.head(head), .count(count), .valid(valid));
  initial begin
    for (h = 0; h < 16; h = h + 1)
      for (n = 0; n <= 16; n = n + 1) begin
        head = h; count = n; want = 0;
        for (i = 0; i < n; i = i + 1) want[(h+i)%16] = 1;
        #1 if (valid !== want) bad = bad + 1;
      end
    if (bad == 0) $display("PASS"); else $display("FAIL %0d", bad);
    $finish;
  end
endmodule
