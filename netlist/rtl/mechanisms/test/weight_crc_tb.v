// The sum over "123456789" padded to beats is the known CRC-32; a pass with its value
// raises nothing; every flip of a bit of a beat, and a beat that is lost, raise the alarm.
module weight_crc_tb;
  reg clk = 0, rst, issue, start, take, done;
  reg [1:0] bank;
  reg [31:0] value;
  reg [63:0] beat;
  wire raised, irq;
  integer k, n, bad = 0;
  always #1 clk = ~clk;
  weight_crc dut (.clk(clk), .rst(rst), .issue(issue), .issue_bank(bank), .issue_value(value), .start(start), .start_bank(bank),
    .take(take), .beat(beat), .done(done), .others(1'b0), .raised(raised), .irq(irq));
  function [31:0] crc_byte(input [31:0] sum, input [7:0] b);
    integer i;
    begin
      crc_byte = sum ^ {24'd0, b};
      for (i = 0; i < 8; i = i + 1) crc_byte = crc_byte[0] ? (crc_byte >> 1) ^ 32'hedb88320 : crc_byte >> 1;
    end
  endfunction
  reg [63:0] stream [0:3];
  reg [31:0] right;
  task pass(input integer flipped, input integer lost);
    begin
      rst = 1; issue = 0; start = 0; take = 0; done = 0; bank = $random; value = right;
      @(negedge clk) rst = 0; issue = 1;
      @(negedge clk) issue = 1; bank = bank + 2'd1; value = ~right; // another bank is no matter
      @(negedge clk) issue = 0; bank = bank - 2'd1; start = 1;
      @(negedge clk) start = 0;
      for (n = 0; n < 4; n = n + 1) if (n != lost) begin
        take = 1; beat = stream[n];
        if (flipped >> 6 == n) beat = beat ^ (64'd1 << (flipped & 63));
        @(negedge clk) take = 0; beat = {$random, $random};
        @(negedge clk);
      end
      done = 1;
      @(negedge clk) done = 0;
      @(negedge clk);
    end
  endtask
  initial begin
    right = 32'hffffffff; // check value of CRC-32 over the digits 1 to 9
    for (n = 1; n < 10; n = n + 1) right = crc_byte(right, 8'h30 + n);
    if (~right !== 32'hcbf43926) bad = bad + 1;
    right = 32'hffffffff;
    for (n = 0; n < 4; n = n + 1) begin
      stream[n] = {$random, $random};
      for (k = 0; k < 8; k = k + 1) right = crc_byte(right, stream[n][8*k+:8]);
    end
    pass(-64, -1);
    if (raised !== 0 || irq !== 0) bad = bad + 1;
    for (k = 0; k < 256; k = k + 1) begin
      pass(k, -1);
      if (raised !== 1 || irq !== 1) bad = bad + 1;
    end
    for (k = 0; k < 4; k = k + 1) begin
      pass(-64, k);
      if (raised !== 1) bad = bad + 1;
    end
    if (bad == 0) $display("PASS"); else $display("FAIL %0d", bad);
    $finish;
  end
endmodule
